import { useNavigate } from '@tanstack/react-router';
import type { Entity, FeatureService, FeatureView } from '@tidemill/sdk';
import type { ReactNode } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { TagLine } from '../../../components/TagLine.tsx';
import { Time } from '../../../components/Time.tsx';
import type { Asked } from '../../../lib/http-form.ts';

interface DefinitionHeaderProps {
  readonly of: Entity | FeatureView | FeatureService;
  readonly asked: Asked;
  /** What "Delete" sends. */
  readonly deletion: { readonly asked: Asked; readonly run: () => Promise<unknown> };
  /** What is deleted, and what keeps it. */
  readonly deletes: string;
  /** Facts of its kind, before those of every definition. */
  readonly children: ReactNode;
}

/** The head of a definition's page: what it is called, what it is, who made it. */
export function DefinitionHeader({ of, asked, deletion, deletes, children }: DefinitionHeaderProps) {
  const navigate = useNavigate();
  return (
    <>
      <PageHeader
        title={of.reference}
        trail={[{ text: 'Features', to: '/features' }]}
        about={of.description}
        asked={asked}
        actions={
          <Action
            {...deletion}
            danger
            name="Delete"
            about={deletes}
            reason="none"
            onDone={() => void navigate({ to: '/features' as '/' })}
          />
        }
      />
      <Summary>
        {children}
        <Fact name="Owner">{of.owner || 'nobody'}</Fact>
        <Fact name="Tags">{Object.keys(of.tags).length > 0 ? <TagLine tags={of.tags} /> : 'none'}</Fact>
        <Fact name="Defined">
          <Time at={of.createdAt} /> by {of.createdBy}
        </Fact>
      </Summary>
    </>
  );
}
