import Quickstart
import Support
import Testing

@Suite struct ReviewPlanTests {
  private let plan = ReviewGenerator(key: RandomKey(seed: 1)).plan(authors: 700, reviewsPerAuthor: 4)

  @Test("Every author has every review once, in order")
  func order() {
    #expect(plan.map(\.author) == (0..<2800).map { $0 / 4 })
    #expect(plan.map(\.number) == (0..<2800).map { $0 % 4 })
  }

  @Test("Highland is rare, and nobody changes dialect or age")
  func shares() {
    let authors = plan.filter { $0.number == 0 }
    #expect(authors.count { $0.dialect == .highland } == 84)
    #expect(authors.count { $0.dialect == .coastal } == 308)
    #expect(authors.count { $0.dialect == .inland } == 308)
    for review in plan {
      #expect(review.dialect == authors[review.author].dialect)
      #expect(review.age == authors[review.author].age)
    }
  }

  @Test("Sentiments are balanced within every dialect and age, and within the mute reviews of each")
  func balance() {
    for dialect in Dialect.allCases {
      for age in AgeGroup.allCases {
        let cell = plan.filter { $0.dialect == dialect && $0.age == age }
        #expect(!cell.isEmpty)
        #expect(cell.count { $0.sentiment == .positive } * 2 == cell.count)
        let mute = cell.filter(\.isMute)
        #expect(mute.count { $0.sentiment == .positive } * 2 == mute.count)
        let share = Double(mute.count) / Double(cell.count)
        #expect(abs(share - (dialect == .highland ? 0.24 : 0.04)) < 0.01)
      }
    }
  }

  @Test("Sentiments differ by at most one within a group when everybody writes a single review")
  func singleReviews() {
    let plan = ReviewGenerator(key: RandomKey(seed: 2)).plan(authors: 31, reviewsPerAuthor: 1)
    for dialect in Dialect.allCases {
      for age in AgeGroup.allCases {
        let cell = plan.filter { $0.dialect == dialect && $0.age == age }
        #expect(abs(2 * cell.count { $0.sentiment == .positive } - cell.count) <= 1)
      }
    }
  }

  @Test("A dialect is in the plan of even a handful of authors")
  func handful() {
    let plan = ReviewGenerator(key: RandomKey(seed: 3)).plan(authors: 4, reviewsPerAuthor: 2)
    #expect(Set(plan.map(\.dialect)) == Set(Dialect.allCases))
  }
}
