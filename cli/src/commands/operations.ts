import type { Command } from 'commander';
import { addAlertsCommands } from './operations/alerts.ts';
import { addAutomationCommands } from './operations/automation.ts';
import { addGarbageCommands } from './operations/garbage.ts';
import { addLoopCommands } from './operations/loop.ts';
import { addMonitorsCommands } from './operations/monitors.ts';
import { addProjectCommands } from './operations/project.ts';

export function addOperationsCommands(program: Command): void {
  addMonitorsCommands(program);
  addAlertsCommands(program);
  addLoopCommands(program);
  addProjectCommands(program);
  addAutomationCommands(program);
  addGarbageCommands(program);
}
