import type { Command } from 'commander';
import { addCatalogueCommands } from './feature-catalogue.ts';
import { addDefinitionCommands } from './feature-definitions.ts';
import { addHealthCommand } from './feature-health.ts';
import { addOnlineCommands } from './feature-online.ts';
import { addBuildCommands, addTrainingSetCommand } from './training-set.ts';

export function addFeaturesCommands(program: Command): void {
  const features = program
    .command('features')
    .description('entities, feature views, feature services, training sets, online values');
  addCatalogueCommands(features);
  addDefinitionCommands(features);
  addOnlineCommands(features);
  addHealthCommand(features);
  addTrainingSetCommand(features);
  addBuildCommands(features);
}
