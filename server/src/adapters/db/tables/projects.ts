export interface ProjectsTable {
  workspace: string;
  name: string;
  /** As it was applied last. */
  definition: string;
  applied_at: number;
  applied_by: string;
}

export interface ProjectsTables {
  projects: ProjectsTable;
}
