import {
  type ColumnDefinitionNode,
  DataTypeNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  RawNode,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely';
import type { DatabaseKind } from './db.ts';

/**
 * PostgreSQL's words for what SQLite means: an integer has 64 bits, a real is a double,
 * and text sorts by its bytes whatever locale the server was installed with.
 */
const postgresTypes: Readonly<Record<string, string>> = {
  text: 'text collate "C"',
  integer: 'bigint',
  real: 'double precision',
};

class PostgresColumns extends OperationNodeTransformer {
  protected override transformColumnDefinition(node: ColumnDefinitionNode): ColumnDefinitionNode {
    const column = super.transformColumnDefinition(node);
    const type = DataTypeNode.is(column.dataType)
      ? postgresTypes[String(column.dataType.dataType)]
      : undefined;
    return type === undefined ? column : { ...column, dataType: RawNode.createWithSql(type) };
  }
}

/** Lets one migration mean the same on both databases. */
export class SameColumnTypes implements KyselyPlugin {
  readonly #transformer: OperationNodeTransformer | undefined;

  constructor(kind: DatabaseKind) {
    this.#transformer = kind === 'postgres' ? new PostgresColumns() : undefined;
  }

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer?.transformNode(node, queryId) ?? node;
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result;
  }
}
