/// One image to be made: who, with which label and accessory.
package struct PlannedFace: Hashable, Sendable {
  /// The person's number, from zero.
  package let person: Int
  /// The image's number among the person's, from zero.
  package let image: Int
  package let expression: Expression
  package let lighting: Lighting
  package let age: Age
  package let accessory: Accessory

  package init(
    person: Int, image: Int, expression: Expression, lighting: Lighting, age: Age, accessory: Accessory
  ) {
    self.person = person
    self.image = image
    self.expression = expression
    self.lighting = lighting
    self.age = age
    self.accessory = accessory
  }
}
