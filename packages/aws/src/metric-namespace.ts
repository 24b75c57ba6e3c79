/** CloudWatch namespace of every metric of Sluice. `infra/` names the same, and a test holds the two together. */
export const METRIC_NAMESPACE = "Sluice";
