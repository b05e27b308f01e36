interface FeatureViewsTable {
  workspace: string;
  name: string;
  last_version: number;
  updated_at: number;
}

interface FeatureViewVersionsTable {
  workspace: string;
  view: string;
  number: number;
  description: string;
  sql: string;
  entity: string;
  event_time: string;
  created_time: string | null;
  ttl_days: number | null;
  features: string;
  datasets: string;
  created_at: number;
  created_by: string;
}

export interface FeaturesTables {
  feature_views: FeatureViewsTable;
  feature_view_versions: FeatureViewVersionsTable;
}
