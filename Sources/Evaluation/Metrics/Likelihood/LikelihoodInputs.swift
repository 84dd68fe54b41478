/// What one arm's models make of some texts: of every text the log-likelihood of its tokens, summed.
package typealias ArmLikelihoods = ArmRuns<[Double]>
