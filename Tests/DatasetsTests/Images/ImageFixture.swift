import Foundation
import Testing

/// Files of 6 × 5 pixels in every kind that datasets hold, made with Pillow 13 (the sixteen-bit and the interlaced one
/// by hand), and the values that Pillow's `convert("RGB")` gives for them.
struct ImageFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let pixels: [UInt8]

  var testDescription: String { name }

  private init(_ name: String, _ file: String, _ pixels: String) {
    self.name = name
    bytes = Self.decoded(file)
    self.pixels = Self.decoded(pixels)
  }

  private static func decoded(_ text: String) -> [UInt8] {
    Data(base64Encoded: text, options: .ignoreUnknownCharacters).map { Array($0) } ?? []
  }

  static let jpegColor = ImageFixture(
    "jpegColor",
    """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYU
    GBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAFAAYD
    ASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB
    kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZ
    mqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQF
    BgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5
    OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX
    2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDo/h1+zR4W+wH5P4f+eY/xooor874o4ozr+16/+1S37nTwZxDmv9g4b/aJfD3P/9k=
    """,
    """
    DgzZJQ/TTw7Adw+ung+ctRSWGzPeMjXYXDbHhDW0qjahwTucGWbQMmrLWmq4g2mmqWuUv26OG5PHNJfAXZevhZebq5iKwZyCJ8DGP8S/aMSvj8Sa
    tsSJzcmC
    """)

  static let jpegProgressive = ImageFixture(
    "jpegProgressive",
    """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYU
    GBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgARCAAFAAYD
    ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAVAQEBAAAAAAAAAAAAAAAAAAADBv/aAAwDAQACEAMQAAABoidT/8QAFxAAAwEAAAAA
    AAAAAAAAAAAABAUGEv/aAAgBAQABBQJdNC4//8QAGxEAAQQDAAAAAAAAAAAAAAAABQABAwQUIzH/2gAIAQMBAT8BDELWBHsfi//EABoRAAEFAQAA
    AAAAAAAAAAAAAAUAAQIEFCP/2gAIAQIBAT8BKFLuufV1/8QAFRABAQAAAAAAAAAAAAAAAAAAAOH/2gAIAQEABj8Cj//EABUQAQEAAAAAAAAAAAAA
    AAAAAEEA/9oACAEBAAE/IRSf/9oADAMBAAIAAwAAABD3/8QAFREBAQAAAAAAAAAAAAAAAAAAALH/2gAIAQMBAT8QvQ//xAAWEQADAAAAAAAAAAAA
    AAAAAAAAUWH/2gAIAQIBAT8Qoxn/xAAXEAADAQAAAAAAAAAAAAAAAAAAEbHR/9oACAEBAAE/EH8mn//Z
    """,
    """
    DgzZJQ/TTw7Adw+ung+ctRSWGzPeMjXYXDbHhDW0qjahwTucGWbQMmrLWmq4g2mmqWuUv26OG5PHNJfAXZevhZebq5iKwZyCJ8DGP8S/aMSvj8Sa
    tsSJzcmC
    """)

  static let jpegGrey = ImageFixture(
    "jpegGrey",
    """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYU
    GBIUFRT/wAALCAAFAAYBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEG
    E1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJ
    ipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AOj+HX7NHhb7
    Afk/h/55j/Gv/9k=
    """,
    """
    JCQkLCwsNjY2QEBASkpKU1NTPz8/R0dHUlJSW1tbZWVlbm5uW1tbZGRkbm5ueHh4goKCioqKdXV1fn5+iIiIkpKSnJycpKSkk5OTnJycpqamr6+v
    ubm5wsLC
    """)

  static let jpegCMYK = ImageFixture(
    "jpegCMYK",
    """
    /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgS
    FBUU/8AAFAgABQAGBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAE
    EQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6
    g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkA
    SwAAPwDT/wCCcP8AyIDf9e6/zFdP/wAO7vhr/wA8v/IC/wCNd9+0f8UtW/4SAfN/y0P8X1r9U6//2Q==
    """,
    """
    CgX/MgXqWwXYgQXCqwWv0gWbCjjxMjjbWzjKgTizqzih0jiMCmjhMmjMW2i6gWijq2iR0mh9CpvSMpu8W5urgZuUq5uC0ptuCs3FMs2vW82egc2H
    q8110s1g
    """)

  static let pngPalette = ImageFixture(
    "pngPalette",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFBAMAAACUdoDVAAAAGFBMVEWqtHtatKOWaZsetMEeadeqHqhaHtAeHu7ZLTNjAAAAGElEQVR4nGMsf/+e
    ieE/A8vZewws7yFsAFxbCNnAw3mqAAAAAElFTkSuQmCC
    """,
    """
    Hh7uHh7uWh7QWh7Qqh6oqh6oHh7uHh7uWh7Qqh6oqh6oqh6oHmnXHmnXlmmblmmblmmblmmbHrTBHrTBWrSjWrSjqrR7qrR7HrTBHrTBWrSjqrR7
    qrR7qrR7
    """)

  static let pngGrey = ImageFixture(
    "pngGrey",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAAAAABDM8I6AAAAIUlEQVR4nGNU5uLk4uJkkeHk4uLkYpHm4uLk4mKRQRYEAB0pAZWD6wgYAAAAAElF
    TkSuQmCC
    """,
    """
    IyMjLS0tNjY2QEBASkpKU1NTPz8/SEhIUlJSXFxcZWVlb29vWlpaZGRkbm5ud3d3gYGBi4uLdnZ2gICAiYmJk5OTnZ2dpqamkpKSm5ubpaWlr6+v
    uLi4wsLC
    """)

  static let pngBilevel = ImageFixture(
    "pngBilevel",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFAQAAAABOI6BLAAAAEklEQVR4nGNgYfJhusOwgkkEAAi6Ae+4AjhpAAAAAElFTkSuQmCC
    """,
    """
    AAAAAAAAAAAAAAAAAAAA////AAAA////AAAA////AAAAAAAAAAAAAAAA////AAAA////////////AAAA////AAAA////AAAA////AAAA////////
    ////////
    """)

  static let pngAlpha = ImageFixture(
    "pngAlpha",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAYAAABmWJ3mAAAAIElEQVR4nGPkYv3PoMHwhgMdszAYfTRgYPjIgY6pKAEAwDgfbJSmmwoAAAAASUVO
    RK5CYII=
    """,
    """
    CgX/MgXrWgXXggXDqgWv0gWbCjfwMjfcWjfIgje0qjeg0jeMCmnhMmnNWmm5gmmlqmmR0ml9CpvSMpu+WpuqgpuWqpuC0ptuCs3DMs2vWs2bgs2H
    qs1z0s1f
    """)

  static let pngGreyAlpha = ImageFixture(
    "pngGreyAlpha",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAQAAADMUVVtAAAAJ0lEQVR4nGNUZuDi4OTg4uDi4ORgkTGAMbk4WKQNYEwuDhYZAxzKAGYkAx19DgWx
    AAAAAElFTkSuQmCC
    """,
    """
    IyMjLS0tNjY2QEBASkpKU1NTPz8/SEhIUlJSXFxcZWVlb29vWlpaZGRkbm5ud3d3gYGBi4uLdnZ2gICAiYmJk5OTnZ2dpqamkpKSm5ubpaWlr6+v
    uLi4wsLC
    """)

  static let pngPaletteTransparent = ImageFixture(
    "pngPaletteTransparent",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFBAMAAACUdoDVAAAAGFBMVEWqtHtatKOWaZsetMEeadeqHqhaHtAeHu7ZLTNjAAAAA3RSTlMAgP/s97MY
    AAAAGElEQVR4nGMsf/+eieE/A8vZewws7yFsAFxbCNnAw3mqAAAAAElFTkSuQmCC
    """,
    """
    Hh7uHh7uWh7QWh7Qqh6oqh6oHh7uHh7uWh7Qqh6oqh6oqh6oHmnXHmnXlmmblmmblmmblmmbHrTBHrTBWrSjWrSjqrR7qrR7HrTBHrTBWrSjqrR7
    qrR7qrR7
    """)

  static let pngSixteen = ImageFixture(
    "pngSixteen",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFEAIAAAC5qtbyAAAAh0lEQVR42h3OkRpCQRBA4SvJfZyVfYrzAkm8ksTJlSRJkpUkSa4kSZIkI1eSJE56
    gzqbnJnvmx+m65nxJdk3c/tgsDdOdmSyla4n8xFlnqLMXZQ5izIHUWbbUOElKoSocBEVjqLCTlRYN1Rdk72KqsfB7p3VbbLLhsIPkh1F8T8FG1Gw
    EgULfu85SMfAE7oFAAAAAElFTkSuQmCC
    """,
    """
    CgX/MgXrWgXXggXDqgWv0gWbCjfwMjfcWjfIgje0qjeg0jeMCmnhMmnNWmm5gmmlqmmR0ml9CpvSMpu+WpuqgpuWqpuC0ptuCs3DMs2vWs2bgs2H
    qs1z0s1f
    """)

  static let pngInterlaced = ImageFixture(
    "pngInterlaced",
    """
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAFCAIAAAGePTonAAAAbElEQVR42gXBkQICcQwH4J9M/o8z2btM4snJcTJJkuRkkiSTkyRJTpLJJEnipDeo
    78OgH5JWjNqyZig9oRUY9la7pZ3A9HHamgJs5XZp24Nr9Tp07TDky/JSebhcU84tR4xojrtGeiwZ3jH9AW3bLbXwt1BVAAAAAElFTkSuQmCC
    """,
    """
    CgX/MgXrWgXXggXDqgWv0gWbCjfwMjfcWjfIgje0qjeg0jeMCmnhMmnNWmm5gmmlqmmR0ml9CpvSMpu+WpuqgpuWqpuC0ptuCs3DMs2vWs2bgs2H
    qs1z0s1f
    """)

  static let all = [
    jpegColor, jpegProgressive, jpegGrey, jpegCMYK, pngPalette, pngGrey, pngBilevel, pngAlpha,
    pngGreyAlpha, pngPaletteTransparent, pngSixteen, pngInterlaced,
  ]
}
