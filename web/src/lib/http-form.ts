import { contract, type Endpoint } from '@tidemill/sdk';

export interface Asked {
  readonly queryKey: readonly unknown[];
}

export interface HttpForm {
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
  /** The body is a file. */
  readonly isUpload?: boolean;
}

/** The request behind a query, as one would type it. */
export function toHttp({ queryKey }: Asked): HttpForm | null {
  const [domain, method, input] = queryKey as [string, string, Readonly<Record<string, unknown>>];
  const endpoint = (contract as Record<string, Record<string, Endpoint>>)[domain]?.[method];
  if (!endpoint) return null;
  const path = endpoint.path.replace(/:(\w+)/g, (_match, name: string) =>
    encodeURIComponent(String(input[name])),
  );
  const query = new URLSearchParams();
  for (const name of Object.keys(endpoint.query?.properties ?? {}))
    if (input[name] !== undefined) query.set(name, String(input[name]));
  const names = Object.keys(endpoint.body?.properties ?? {});
  const fields = names.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]);
  return {
    method: endpoint.method,
    path: query.size > 0 ? `${path}?${query}` : path,
    body: endpoint.body ? JSON.stringify(Object.fromEntries(fields)) : null,
    ...(endpoint.upload && { isUpload: true }),
  };
}

export const shellQuote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function toBody({ body, isUpload }: HttpForm): string {
  if (isUpload) return ` -H 'content-type: application/octet-stream' --data-binary @FILE`;
  return body ? ` -H 'content-type: application/json' -d ${shellQuote(body)}` : '';
}

export function toCurl(form: HttpForm, origin: string): string {
  const verb = form.method === 'GET' ? '' : `-X ${form.method} `;
  return `curl -s ${verb}${shellQuote(origin + form.path)}${toBody(form)}`;
}
