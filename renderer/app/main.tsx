import '@fontsource-variable/inter/index.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './global.css';
import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { connect } from '../client/connect.ts';
import { useHashLocation, useHashSearch } from '../client/location.ts';
import { BackendProvider } from '../client/provider.tsx';
import { openSession } from '../client/session.ts';
import { App } from './App.tsx';
import { theme } from './theme.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
const session = openSession(connect);
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-right" limit={4} />
      <Router hook={useHashLocation} searchHook={useHashSearch}>
        <BackendProvider session={session}>
          <App />
        </BackendProvider>
      </Router>
    </MantineProvider>
  </StrictMode>,
);
