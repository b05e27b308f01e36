import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Comment, Identity } from '@tidemill/sdk';
import { type FormEvent, useState } from 'react';
import { ask, client } from '../lib/client.ts';
import { useList } from '../lib/pages.ts';
import { Action } from './Action.tsx';
import { EmptyState } from './EmptyState.tsx';
import { ErrorNotice } from './ErrorNotice.tsx';
import { Markdown } from './Markdown.tsx';
import { Panel } from './Panel.tsx';
import { SourceMenu } from './SourceMenu.tsx';
import classes from './Thread.module.css';
import { Time } from './Time.tsx';

/** What people say about one thing, oldest first. */
export function Thread({ subject }: { readonly subject: string }) {
  const list = useList('comments', 'list', { subject });
  const who = useQuery(ask('access', 'whoami', {}));
  return (
    <Panel title="Comments" aside={<SourceMenu asked={list.asked} />}>
      {list.error ? <ErrorNotice error={list.error as Error} retry={list.retry} /> : null}
      <div className="stack" aria-busy={!list.items && !list.error}>
        {list.items?.length === 0 && <EmptyState>Nobody has said anything yet.</EmptyState>}
        {list.items?.map((comment) => (
          <One key={comment.id} comment={comment} who={who.data} />
        ))}
        {list.hasMore && (
          <Button onClick={list.loadMore} disabled={list.isLoadingMore}>
            Load more
          </Button>
        )}
        <Write subject={subject} />
      </div>
    </Panel>
  );
}

function One({ comment, who }: { readonly comment: Comment; readonly who: Identity | undefined }) {
  const isMine = who?.actor === comment.author;
  return (
    <article className={classes.comment} aria-label={`Comment by ${comment.author}`}>
      <header className={classes.head}>
        <strong>{comment.author}</strong>
        <span className="dim">
          <Time at={comment.createdAt} />
          {comment.editedAt !== null && comment.deletedAt === null && ', edited'}
        </span>
        {comment.deletedAt === null && (
          <span className={classes.actions}>
            {isMine && <Edit key={comment.revision} comment={comment} />}
            {(isMine || who?.role === 'admin') && (
              <Action
                inRow
                danger
                name="Delete"
                about="Its text goes for good; that there was a comment stays to be seen."
                reason="none"
                run={() => client().comments.delete({ id: comment.id })}
              />
            )}
          </span>
        )}
      </header>
      {comment.deletedAt === null ? (
        <Markdown>{comment.text}</Markdown>
      ) : (
        <p className="dim">Deleted by {comment.deletedBy}.</p>
      )}
    </article>
  );
}

function Edit({ comment: { id, text, revision } }: { readonly comment: Comment }) {
  const [draft, setDraft] = useState(text);
  return (
    <Action
      inRow
      name="Edit"
      about="Markdown."
      reason="none"
      size={640}
      incomplete={draft.trim() === ''}
      run={() => client().comments.update({ id, text: draft, revision })}
    >
      <Textarea
        label="Comment"
        autosize
        minRows={4}
        maxRows={16}
        maxLength={10_000}
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
      />
    </Action>
  );
}

function Write({ subject }: { readonly subject: string }) {
  const [text, setText] = useState('');
  const queries = useQueryClient();
  const post = useMutation({
    mutationFn: () => client().comments.create({ subject, text }),
    onSuccess: () => {
      setText('');
      void queries.invalidateQueries({ queryKey: ['comments'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    post.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Textarea
        label="Your comment"
        description="Markdown; @name mentions somebody"
        autosize
        minRows={2}
        maxRows={16}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {post.error && <ErrorNotice error={post.error} />}
      <div>
        <Button type="submit" disabled={post.isPending || text.trim() === ''}>
          Comment
        </Button>
      </div>
    </form>
  );
}
