export interface WebhooksTable {
  id: string;
  workspace: string;
  name: string;
  url: string;
  description: string;
  events: string;
  status: string;
  has_secret: number;
  created_at: number;
  updated_at: number;
  created_by: string;
}

export interface WebhookDeliveriesTable {
  id: string;
  webhook: string;
  /** Of the outbox. Unique with `webhook`: an event that is told twice is delivered once. */
  event_id: number;
  event: string;
  subject: string;
  /** The body that is sent, the same in every attempt. */
  message: string;
  state: string;
  attempts: number;
  status: number | null;
  error: string | null;
  /** Null when it has ended. */
  next_try_at: number | null;
  created_at: number;
  finished_at: number | null;
}

export interface WebhooksTables {
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
}
