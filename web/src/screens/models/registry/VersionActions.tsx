import { Checkbox, NativeSelect } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { ModelVersion } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { client } from '../../../lib/client.ts';
import { pathOf } from '../../../lib/references.ts';
import { TextAction } from './TextAction.tsx';

/** What may be changed of a version; its files never are. */
export function VersionActions({ model }: { readonly model: ModelVersion }) {
  const navigate = useNavigate();
  const { model: name, reference } = model;
  const version = String(model.version);
  return (
    <>
      <TextAction
        name="Set alias"
        about={`The alias points at ${reference} from then on. One that an endpoint serves follows promotions only.`}
        label="Alias"
        initial=""
        run={(alias) => client().registry.setAlias({ name, alias, version: model.version })}
      />
      <StageAction model={model} />
      <TextAction
        isLong
        name="Describe"
        about={`What ${reference} is.`}
        label="Description"
        initial={model.description}
        run={(description) => client().registry.updateVersion({ name, version, description })}
      />
      <Action
        danger
        name="Delete"
        about={`${reference} goes for good; its number is never given again.`}
        reason="none"
        run={() => client().registry.deleteVersion({ name, version })}
        onDone={() => void navigate({ to: pathOf({ kind: 'model', name, version: null }) })}
      />
    </>
  );
}

const stages = ['None', 'Staging', 'Production', 'Archived'] as const;

function StageAction({ model }: { readonly model: ModelVersion }) {
  const [stage, setStage] = useState(model.stage);
  const [archiveExisting, setArchive] = useState(false);
  return (
    <Action
      name="Set stage"
      about="A stage is a label of MLflow's; what an endpoint serves does not change with it."
      reason="none"
      run={() =>
        client().registry.setStage({
          name: model.model,
          version: String(model.version),
          stage,
          archiveExisting,
        })
      }
    >
      <NativeSelect
        label="Stage"
        data={[...stages]}
        value={stage}
        onChange={({ currentTarget }) =>
          setStage(stages.find((known) => known === currentTarget.value) ?? 'None')
        }
      />
      <Checkbox
        label="Archive the other versions of this stage"
        checked={archiveExisting}
        onChange={({ currentTarget }) => setArchive(currentTarget.checked)}
      />
    </Action>
  );
}
