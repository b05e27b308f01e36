/** One file of Python per endpoint, on the standard library alone: its types, its client, and a double of it for tests. */

import { clientOf } from './python-parts.ts';
import { describeField, type EndpointSignature, type SignatureField, toTypeName } from './signature.ts';

const types: Readonly<Record<SignatureField['kind'], string>> = {
  number: 'float',
  integer: 'int',
  boolean: 'bool',
  text: 'str',
  datetime: 'Union[str, float]',
  key: 'Union[str, float, bool]',
};

/** Any text as a literal: every escape of JSON is one of Python's, half of a surrogate pair too. */
const quote = (text: string): string => JSON.stringify(text);
/** Any text within a docstring: it must neither end there nor escape what follows. */
const toDoc = (text: string): string => text.replace(/["\\]/g, "'").replace(/\s+/g, ' ').trim();

export function toPython(signature: EndpointSignature): string {
  const name = toTypeName(signature.endpoint);
  return [headOf(signature), typesOf(signature, name), clientOf(signature.endpoint, name)].join('\n');
}

function headOf({ endpoint, description, revision, model }: EndpointSignature): string {
  const said = toDoc(description);
  return `"""Client of the Tidemill endpoint ${endpoint}, generated from its revision ${revision} (${toDoc(model)}).
${said === '' ? '' : `\n${said}\n`}
It needs Python 3.9 or newer and nothing else. Make it again when the inputs of the model change:
tidemill endpoints client ${endpoint} --language python -o FILE
"""

from __future__ import annotations

import json
import math
import random
import time
import urllib.error
import urllib.request
import uuid
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Sequence, TypedDict, Union
`;
}

function typesOf({ fields, isNumeric }: EndpointSignature, name: string): string {
  const lines = (isRequired: boolean) =>
    fields
      .filter((field) => field.isRequired === isRequired)
      .map((field) => {
        const type = isRequired ? types[field.kind] : `Optional[${types[field.kind]}]`;
        return `        # ${describeField(field)}\n        ${quote(field.name)}: ${type},`;
      });
  const dictionary = (suffix: string, isRequired: boolean) => `_${name}${suffix} = TypedDict(
    "_${name}${suffix}",
    {
${lines(isRequired).join('\n')}
    },${isRequired ? '' : '\n    total=False,'}
)`;
  const rows = fields.map(
    ({ name: field, kind, isRequired, minimum, maximum }) =>
      `    (${quote(field)}, ${quote(kind)}, ${isRequired ? 'True' : 'False'}, ${minimum ?? 'None'}, ${maximum ?? 'None'}),`,
  );
  return `
# What a record must hold, and what it may.
${dictionary('Required', true)}
${dictionary('Optional', false)}


class ${name}Input(_${name}Required, _${name}Optional):
    """One record to predict."""


${name}Value = ${isNumeric ? 'float' : 'Union[float, str, bool, List[Any]]'}


class _${name}PredictionRequired(TypedDict):
    id: str
    value: ${name}Value
    variant: str
    model: str
    source: str
    warnings: List[str]


class ${name}Prediction(_${name}PredictionRequired, total=False):
    """One answer: \`source\` says whether the model or the endpoint's rule gave it, \`warnings\` what lies outside training."""

    outputs: Dict[str, Any]


class ${name}Reply(TypedDict):
    endpoint: str
    revision: int
    predictions: List[${name}Prediction]
    fallbackReason: Optional[str]
    milliseconds: Dict[str, float]


# Name, kind, whether it is required, and the range of training.
${name.toUpperCase()}_FIELDS = (
${rows.join('\n')}
)
`;
}
