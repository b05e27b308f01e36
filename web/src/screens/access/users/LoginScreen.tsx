import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { createClient } from '@tidemill/sdk';
import { type ReactNode, useState } from 'react';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { client, forgetToken, setToken } from '../../../lib/client.ts';
import { readInvitation, readNext } from '../../../lib/login-address.ts';
import classes from './LoginScreen.module.css';
import { NewPassword } from './NewPassword.tsx';

type Way = 'password' | 'token' | 'invitation';

/** By name and password; with a token; or, with an invitation, by choosing a password. */
export function LoginScreen() {
  const [invitation] = useState(() => readInvitation(new URL(location.href)));
  const [way, setWay] = useState<Way>(invitation === null ? 'password' : 'invitation');
  return (
    <main className={classes.page}>
      <div className={`${classes.card} stack`}>
        {way === 'password' && <PasswordForm />}
        {way === 'token' && <TokenForm />}
        {way === 'invitation' && <InvitationForm invitation={invitation ?? ''} />}
        <Button variant="subtle" onClick={() => setWay(way === 'password' ? 'token' : 'password')}>
          {way === 'password' ? 'Use a token instead' : 'Log in by name and password'}
        </Button>
      </div>
    </main>
  );
}

/** Everything is read anew, as who has come in. */
const goOn = () => location.assign(readNext(new URL(location.href)));

interface FormProps {
  readonly title: string;
  readonly action: string;
  readonly enter: () => Promise<unknown>;
  readonly isReady: boolean;
  readonly children: ReactNode;
}

function Form({ title, action, enter, isReady, children }: FormProps) {
  const entering = useMutation({ mutationFn: enter, onSuccess: goOn });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        entering.mutate();
      }}
    >
      <h1>{title}</h1>
      {children}
      {entering.error && <ErrorNotice error={entering.error} />}
      <Button type="submit" variant="filled" disabled={!isReady || entering.isPending || entering.isSuccess}>
        {action}
      </Button>
    </form>
  );
}

function PasswordForm() {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const enter = async () => {
    const reply = await client().account.login({ name: name.trim(), password });
    // Else the token would go on being sent.
    forgetToken();
    return reply;
  };
  return (
    <Form
      title="Log in to Tidemill"
      action="Log in"
      enter={enter}
      isReady={name.trim() !== '' && password !== ''}
    >
      <TextInput
        label="Name"
        name="username"
        autoComplete="username"
        autoFocus
        required
        maxLength={128}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        maxLength={1024}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
    </Form>
  );
}

function TokenForm() {
  const [token, setText] = useState('');
  const enter = async () => {
    const trying = createClient({ url: location.origin, token: token.trim() });
    const reply = await trying.access.whoami();
    setToken(token.trim());
    return reply;
  };
  return (
    <Form title="Use a token" action="Go on" enter={enter} isReady={token.trim() !== ''}>
      <p>
        Someone with the role admin makes one with <code>tidemill tokens create</code>. It is kept in this
        browser until you forget it.
      </p>
      <PasswordInput
        label="Token"
        autoComplete="off"
        autoFocus
        required
        value={token}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </Form>
  );
}

function InvitationForm({ invitation }: { readonly invitation: string }) {
  const [password, setPassword] = useState<string | null>(null);
  const enter = async () => {
    const reply = await client().account.acceptInvitation({ invitation, password: password ?? '' });
    forgetToken();
    // The invitation is used: it must not stay in the address.
    history.replaceState(null, '', location.pathname + location.search);
    return reply;
  };
  return (
    <Form title="Choose your password" action="Set it and log in" enter={enter} isReady={password !== null}>
      <NewPassword onChange={setPassword} />
    </Form>
  );
}
