import Quickstart
import Support
import Testing

@Suite struct FacePlanTests {
  private let plan = FaceGenerator(key: RandomKey(seed: 1)).plan(persons: 200, imagesPerPerson: 4)

  @Test("Every person has every image once, in order")
  func order() {
    #expect(plan.map(\.person) == (0..<800).map { $0 / 4 })
    #expect(plan.map(\.image) == (0..<800).map { $0 % 4 })
  }

  @Test("Dusk is rare, and nobody changes lighting or age")
  func shares() {
    let persons = plan.filter { $0.image == 0 }
    #expect(persons.count { $0.lighting == .dusk } == 30)
    #expect(persons.count { $0.lighting == .indoor } == 80)
    #expect(persons.count { $0.lighting == .daylight } == 90)
    for face in plan {
      #expect(face.lighting == persons[face.person].lighting)
      #expect(face.age == persons[face.person].age)
    }
  }

  @Test("Expressions are balanced within every lighting and age, and accessories within each of those")
  func balance() {
    for lighting in Lighting.allCases {
      for age in Age.allCases {
        let cell = plan.filter { $0.lighting == lighting && $0.age == age }
        for expression in Expression.allCases {
          let share = cell.filter { $0.expression == expression }
          #expect(share.count * 2 == cell.count)
          for accessory in Accessory.allCases {
            #expect(abs(share.count { $0.accessory == accessory } * 3 - share.count) <= 3)
          }
        }
      }
    }
  }

  @Test("Labels differ by at most one within a group when everybody has a single image")
  func singleImages() {
    let plan = FaceGenerator(key: RandomKey(seed: 2)).plan(persons: 31, imagesPerPerson: 1)
    for lighting in Lighting.allCases {
      for age in Age.allCases {
        let cell = plan.filter { $0.lighting == lighting && $0.age == age }
        #expect(abs(2 * cell.count { $0.expression == .smiling } - cell.count) <= 1)
      }
    }
  }

  @Test("Which image of a person smiles is not the same for all")
  func shuffledWithinPersons() {
    for image in 0..<4 {
      let smiling = plan.count { $0.image == image && $0.expression == .smiling }
      #expect(smiling > 70 && smiling < 130)
    }
  }
}
