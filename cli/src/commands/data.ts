import type { Command } from 'commander';
import { addDatasetsCommands } from './data/datasets.ts';
import { addFeaturesCommands } from './data/features.ts';

export function addDataCommands(program: Command): void {
  addDatasetsCommands(program);
  addFeaturesCommands(program);
}
