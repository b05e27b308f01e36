import { describeEachDatabase } from '../../testing/each-database.ts';
import { databaseSuite } from './db-suite.ts';

describeEachDatabase('database', databaseSuite);
