import './app/theme.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { theme } from './app/mantine.ts';
import { createQueries } from './app/queries.ts';
import { createScreens } from './app/router.tsx';
import { followEvents } from './lib/live.ts';
import { loginPage } from './lib/login-address.ts';
import { findOwnPath } from './lib/mlflow-links.ts';
import { reloadOnNewBuild } from './lib/new-build.ts';
import { ensureStreamIteration } from './lib/stream-iteration.ts';

ensureStreamIteration();
reloadOnNewBuild();

// Before the router reads the address.
const ownPath = findOwnPath(location.hash);
if (ownPath) history.replaceState(null, '', `/ui${ownPath}`);

const queries = createQueries();
const screens = createScreens();
// Before the login there is nothing to follow; it ends with a new page.
if (location.pathname !== loginPage) void followEvents(queries, new AbortController().signal);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={queries}>
          <RouterProvider router={screens} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
