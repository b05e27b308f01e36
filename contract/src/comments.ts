import { type Static, Type } from 'typebox';
import { byId, nullable, page, pageQuery, strict, Timestamp } from './common.ts';
import { endpoints } from './endpoint.ts';

export const Comment = Type.Object({
  id: Type.String(),
  subject: Type.String({
    description: 'uri of what it is about: model:forecaster@7, endpoint:forecast, alert:…',
  }),
  author: Type.String(),
  text: Type.String({ description: 'Markdown; empty when it was deleted' }),
  mentions: Type.Array(Type.String(), { description: 'names that stand behind an @ in it' }),
  revision: Type.Integer({ description: 'grows with every edit' }),
  createdAt: Timestamp,
  editedAt: nullable(Timestamp),
  deletedAt: nullable(Timestamp),
  deletedBy: nullable(Type.String()),
});
export type Comment = Static<typeof Comment>;

const Subject = Type.String({
  minLength: 3,
  maxLength: 400,
  description: 'a model version, an endpoint or an alert, as a uri',
});
const Text = Type.String({ minLength: 1, maxLength: 10_000, pattern: '\\S', description: 'Markdown' });

export const commentsEndpoints = endpoints({
  list: {
    method: 'GET',
    path: '/api/v1/comments',
    permission: 'read',
    summary: 'The thread of a model version, an endpoint or an alert, oldest first',
    query: strict({ ...pageQuery, subject: Subject }),
    reply: page(Comment),
  },
  create: {
    method: 'POST',
    path: '/api/v1/comments',
    permission: 'comment',
    summary: 'Comment on a model version, an endpoint or an alert',
    body: strict({ subject: Subject, text: Text }),
    reply: Comment,
    status: 201,
  },
  update: {
    method: 'PATCH',
    path: '/api/v1/comments/:id',
    permission: 'comment',
    summary: 'Edit a comment of your own',
    params: byId,
    body: strict({
      text: Text,
      revision: Type.Optional(
        Type.Integer({
          minimum: 1,
          description: 'of the text that was changed; refused when it was edited since',
        }),
      ),
    }),
    reply: Comment,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/comments/:id',
    permission: 'comment',
    summary: 'Delete a comment of your own, or as admin anybody’s; that there was one stays to be seen',
    params: byId,
    reply: Comment,
  },
});
