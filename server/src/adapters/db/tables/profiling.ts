/** Content alone decides what a profile says, so versions of equal rows share one, in any workspace. */
interface DatasetProfilesTable {
  digest: string;
  /** Of the profile's form: a newer program computes anew. */
  revision: number;
  /** The column that a caller named as the order of the rows; empty when the profile found its own. */
  time_column: string;
  profile: string;
}

export interface ProfilingTables {
  dataset_profiles: DatasetProfilesTable;
}
