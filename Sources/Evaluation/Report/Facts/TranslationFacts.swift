import Metrics
import Statistics

extension TranslationEvaluation {
  var json: JSONValue {
    .object([
      "arms": .array(
        arms.map { arm in
          .object(["arm": .string(arm.arm), "overall": arm.overall.json, "groups": .array(arm.groups.map(\.json))])
        }),
      "differences": .array(differences.map(\.json)),
    ])
  }
}

extension GroupTranslationQuality {
  fileprivate var json: JSONValue {
    .object([
      "group": group.json, "n": .integer(n), "clusters": .integer(clusters),
      "bleu": bleu.json { $0.json(n: n) }, "rouge_l": rougeL.json { $0.json(n: n) },
      "pronouns": pronouns.json(\.json), "pronouns_of_female_stereotype": pronounsOfFemaleStereotype.json(\.json),
      "pronouns_of_male_stereotype": pronounsOfMaleStereotype.json(\.json),
      "female_f1": femaleF1.json { $0.json(n: n) }, "male_f1": maleF1.json { $0.json(n: n) },
      "delta_g": deltaG.json { $0.json(n: n) },
      "pro_stereotypical_accuracy": proStereotypicalAccuracy.json(\.json),
      "anti_stereotypical_accuracy": antiStereotypicalAccuracy.json(\.json),
      "delta_s": deltaS.json { $0.json(n: n) },
    ])
  }
}

extension TranslationDifference {
  fileprivate var json: JSONValue {
    .object([
      "arm": .string(comparison.arm), "reference": .string(comparison.reference), "group": group.json,
      "n": .integer(n), "clusters": .integer(clusters), "bleu": bleu.json { $0.json(n: n) },
      "rouge_l": rougeL.json { $0.json(n: n) }, "delta_g": deltaG.json { $0.json(n: n) },
      "delta_s": deltaS.json { $0.json(n: n) },
    ])
  }
}

extension PronounShares {
  fileprivate var json: JSONValue {
    .object(["female": female.json, "male": male.json, "neutral": neutral.json, "unknown": unknown.json])
  }
}

extension SeededEstimate {
  func json(n: Int) -> JSONValue {
    .object(["estimate": estimate.json(n: n), "seed_spread": seedSpread.json])
  }
}
