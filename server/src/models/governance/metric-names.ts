/** Metrics that evaluations give, by the names that rules read. */
const metricNames = [
  ...['mae', 'mse', 'rmse', 'bias', 'mape', 'smape', 'wape', 'mase', 'r2', 'explained_variance', 'max_error'],
  ...['median_absolute_error', 'pinball_10', 'pinball_90', 'msle', 'rmsle'],
  ...['interval_coverage', 'interval_width', 'interval_score', 'value'],
  ...['accuracy', 'balanced_accuracy', 'matthews_corrcoef', 'cohen_kappa', 'precision', 'recall', 'f1', 'f2'],
  ...['precision_macro', 'recall_macro', 'f1_macro', 'precision_weighted', 'recall_weighted', 'f1_weighted'],
  ...['f_half', 'jaccard', 'specificity', 'negative_predictive_value', 'false_positive_rate'],
  ...['false_negative_rate', 'positive_likelihood_ratio', 'negative_likelihood_ratio', 'prevalence'],
  ...[
    'predicted_positive_rate',
    'roc_auc',
    'roc_auc_ovr',
    'average_precision',
    'ks',
    'log_loss',
    'd2_log_loss',
  ],
  ...['brier_reliability', 'brier_resolution', 'brier_uncertainty'],
  ...['hamming_loss', 'subset_accuracy', 'label_ranking_average_precision', 'coverage_error', 'ranking_loss'],
  ...['micro', 'macro', 'weighted', 'samples'].flatMap((average) =>
    ['precision', 'recall', 'f1', 'jaccard'].map((name) => `${name}_${average}`),
  ),
  ...['ndcg', 'dcg', 'map', 'mrr', 'queries', 'crps', 'crossing'],
  ...['brier', 'd2_brier', 'calibration_error', 'score_bias', 'top_2_accuracy', 'top_3_accuracy'],
];

/** Of names that a request makes: places of a ranking, levels of quantiles. */
const made =
  /\b(?:(?:ndcg|dcg|map|precision|recall)_at_[1-9]\d*|(?:quantile_loss|coverage|width)_\d+(?:_\d+)?)\b/g;

/** Names that an expression may read as a metric. */
export const metricNamesOf = (expression: string): string[] => [
  ...new Set([...metricNames, ...(expression.match(made) ?? [])]),
];
