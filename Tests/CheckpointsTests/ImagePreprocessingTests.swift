import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct ImagePreprocessingTests {
  private func preprocessing(_ json: String) throws -> ImagePreprocessing {
    let folder = try TemporaryFolder()
    return try ImagePreprocessing.read(file: try folder.write(Data(json.utf8), to: "preprocessor_config.json"))
  }

  @Test("The size may be a number, height and width, or the shortest edge")
  func sizes() throws {
    #expect(try preprocessing(#"{"size": 96}"#).size == ImageExtent(side: 96))
    #expect(try preprocessing(#"{"size": {"height": 8, "width": 9}}"#).size == ImageExtent(height: 8, width: 9))
    #expect(try preprocessing(#"{"size": {"shortest_edge": 7}}"#).size == ImageExtent(side: 7))
  }

  @Test("Missing keys have the defaults of ViTImageProcessor, and steps may be switched off")
  func steps() throws {
    #expect(try preprocessing("{}") == ImagePreprocessing(size: ImageExtent(side: 224)))
    let bare = try preprocessing(
      #"{"do_resize": false, "do_rescale": false, "do_normalize": false, "resample": 3, "feature_extractor_type": "x"}"#
    )
    #expect(!bare.resizes)
    #expect(bare.rescaleFactor == nil)
    #expect(bare.normalization == nil)
    #expect(bare.interpolation == .bicubic)
  }

  @Test(
    "What Tenbin does not do is refused by its key",
    arguments: [
      (#""resample": 1"#, "resample"), (#""do_center_crop": true"#, "do_center_crop"),
      (#""image_std": [1, 0, 1]"#, "image_std"), (#""image_mean": [1]"#, "image_mean"), (#""size": {}"#, "height"),
      (#""size": {"shortest_edge": 0}"#, "size"),
    ])
  func refused(entry: String, key: String) throws {
    let error = #expect(throws: CheckpointError.self) { try preprocessing("{\(entry)}") }
    #expect(error?.description.contains(key) == true)
  }
}
