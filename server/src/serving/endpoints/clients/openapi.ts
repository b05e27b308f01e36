/** The OpenAPI 3.1 document of one endpoint: what a record holds, with the ranges of training and an example. */
import {
  describeField,
  type EndpointSignature,
  exampleRecord,
  type SignatureField,
  toTypeName,
} from './signature.ts';

const text = { type: 'string' };
const valueSchema = { type: ['number', 'string', 'boolean', 'array'], items: {} };

export function toOpenApi(signature: EndpointSignature, url: string): Record<string, unknown> {
  const { endpoint, description, revision, model, isNumeric } = signature;
  const name = toTypeName(endpoint);
  const ref = (schema: string) => ({ $ref: `#/components/schemas/${schema}` });
  const json = (schema: object, extra: object = {}) => ({
    content: { 'application/json': { schema, ...extra } },
  });
  const failure = (what: string) => ({ description: what, ...json(ref('Failure')) });
  const retryLater = (what: string) => ({
    ...failure(what),
    headers: { 'Retry-After': { description: 'seconds to wait', schema: { type: 'integer' } } },
  });
  return {
    openapi: '3.1.0',
    info: {
      title: endpoint,
      version: String(revision),
      description: [description, `Answered by ${model}.`].filter(Boolean).join('\n\n'),
    },
    servers: [{ url }],
    security: [{}, { token: [] }],
    paths: {
      [`/api/v1/endpoints/${endpoint}/predict`]: {
        post: {
          operationId: 'predict',
          summary: 'Records in, predictions out',
          parameters: [
            {
              name: 'Idempotency-Key',
              in: 'header',
              description:
                'A request sent again with it within ten minutes gets the same reply and is logged once.',
              schema: { type: 'string', minLength: 1, maxLength: 200 },
            },
          ],
          requestBody: {
            required: true,
            ...json(ref('Request'), { example: { records: [exampleRecord(signature)] } }),
          },
          responses: {
            200: { description: 'A prediction for each record, in order', ...json(ref('Reply')) },
            400: failure('A record is not what the model takes; the message names the field'),
            401: failure('No valid token'),
            403: failure('The token may not ask this endpoint'),
            404: failure('There is no such endpoint any more'),
            413: failure('Too many records at once'),
            422: failure('The idempotency key came with another request'),
            429: retryLater('Too many requests'),
            503: retryLater('It cannot predict now'),
          },
        },
      },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        [`${name}Record`]: recordSchema(signature),
        Request: {
          type: 'object',
          required: ['records'],
          additionalProperties: false,
          properties: {
            records: { type: 'array', minItems: 1, maxItems: 1000, items: ref(`${name}Record`) },
            eventTime: {
              type: ['string', 'number'],
              description:
                'The moment the prediction is for, as ISO 8601 or epoch milliseconds; now by default',
            },
            requestId: { ...text, maxLength: 200, description: 'Begins the ids of the predictions' },
            idempotencyKey: {
              ...text,
              minLength: 1,
              maxLength: 200,
              description: 'As the header of that name',
            },
          },
        },
        Prediction: {
          type: 'object',
          required: ['id', 'value', 'variant', 'model', 'source', 'warnings'],
          properties: {
            id: text,
            value: isNumeric ? { type: 'number' } : valueSchema,
            outputs: { type: 'object', additionalProperties: valueSchema },
            variant: text,
            model: { ...text, description: 'forecaster@2, or fallback' },
            source: { ...text, enum: ['model', 'fallback'] },
            warnings: { type: 'array', items: text },
          },
        },
        Reply: {
          type: 'object',
          required: ['endpoint', 'revision', 'predictions', 'fallbackReason', 'milliseconds'],
          properties: {
            endpoint: text,
            revision: { type: 'integer' },
            predictions: { type: 'array', items: ref('Prediction') },
            fallbackReason: { type: ['string', 'null'], description: 'Why a rule answered, if one did' },
            milliseconds: { type: 'object', additionalProperties: { type: 'number' } },
          },
        },
        Failure: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: { code: text, message: text, details: { type: 'object' }, requestId: text },
            },
          },
        },
      },
    },
  };
}

function recordSchema(signature: EndpointSignature) {
  const { fields } = signature;
  return {
    type: 'object',
    required: fields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
    // Fields of the record may be there for the rule that answers when the model cannot.
    additionalProperties: true,
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    example: exampleRecord(signature),
  };
}

const types = {
  number: ['number'],
  integer: ['integer'],
  boolean: ['boolean'],
  text: ['string'],
  datetime: ['string', 'number'],
  key: ['string', 'number', 'boolean'],
} as const;

/** A range of training is no limit: beyond it is answered, with a warning. */
function fieldSchema(field: SignatureField) {
  const names: string[] = [...types[field.kind], ...(field.isRequired ? [] : ['null'])];
  const { minimum, maximum } = field;
  return {
    type: names.length === 1 ? names[0] : names,
    description: describeField(field),
    ...(minimum !== null && maximum !== null && { 'x-training-range': { minimum, maximum } }),
  };
}
