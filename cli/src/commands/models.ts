import type { Command } from 'commander';
import { addAssessCommands } from './models/assess.ts';
import { addCardCommands } from './models/card.ts';
import { addCiCommands } from './models/ci.ts';
import { addEvaluateCommand } from './models/evaluate.ts';
import { addEvaluationsCommands } from './models/evaluations.ts';
import { addEvidenceCommand } from './models/evidence.ts';
import { addGovernanceCommands } from './models/governance.ts';
import { addInspectCommand } from './models/inspect.ts';
import { addLabelCommands } from './models/labels.ts';
import { addLifecycleCommands } from './models/lifecycle.ts';
import { addLoggedCommands } from './models/logged.ts';
import { addRegistryCommands } from './models/registry.ts';
import { addReproduceCommand } from './models/reproduce.ts';
import { addScoreCommands } from './models/score.ts';
import { addStudiesCommands } from './models/studies.ts';
import { addTestCommand, addTestsCommands } from './models/tests.ts';
import { addWebhooksCommands } from './models/webhooks.ts';

export function addModelsCommands(program: Command): void {
  const models = program
    .command('models')
    .description('registered models: versions, aliases, gates, approval');
  addRegistryCommands(models);
  addLabelCommands(models);
  addLoggedCommands(models);
  addGovernanceCommands(models);
  addLifecycleCommands(models);
  addAssessCommands(models);
  addInspectCommand(models);
  addScoreCommands(models);
  addCardCommands(models);
  addEvidenceCommand(models);
  addEvaluateCommand(program);
  addEvaluationsCommands(program);
  addTestCommand(program);
  addTestsCommands(program);
  addCiCommands(program);
  addStudiesCommands(program);
  addReproduceCommand(program);
  addWebhooksCommands(program);
}
