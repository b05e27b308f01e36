import { describeEachDatabase } from '../../testing/each-database.ts';
import { databaseSuite } from './db-suite.ts';
import { transactionSuite } from './transaction-suite.ts';

describeEachDatabase('database', databaseSuite);
describeEachDatabase('transactions', transactionSuite);
