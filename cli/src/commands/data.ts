import type { Command } from 'commander';
import { addAnalysesCommands } from './data/analyses.ts';
import { addDatasetsCommands } from './data/datasets.ts';
import { addFeaturesCommands } from './data/features.ts';
import { addSourcesCommands } from './data/sources.ts';

export function addDataCommands(program: Command): void {
  addDatasetsCommands(program);
  addSourcesCommands(program);
  addAnalysesCommands(program);
  addFeaturesCommands(program);
}
