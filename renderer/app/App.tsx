import { AppShell } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { InspectorTarget, inspectorUsers } from '../components/Page.tsx';
import { ExperimentPage } from '../pages/experiment/ExperimentPage.tsx';
import { JobsPage } from '../pages/jobs/JobsPage.tsx';
import { LibraryPage } from '../pages/library/LibraryPage.tsx';
import { ProtocolPage } from '../pages/protocol/ProtocolPage.tsx';
import { SearchPage } from '../pages/search/SearchPage.tsx';
import { DevicesPage } from '../pages/settings/DevicesPage.tsx';
import { SettingsPage } from '../pages/settings/SettingsPage.tsx';
import { StimuliPage } from '../pages/stimuli/StimuliPage.tsx';
import { Banners } from './Banners.tsx';
import { CommandPalette } from './CommandPalette.tsx';
import classes from './Frame.module.css';
import { Header } from './Header.tsx';
import { JobAnnouncements } from './JobsTray.tsx';
import { Rail } from './Rail.tsx';
import { Shortcuts } from './Shortcuts.tsx';
import { useInspectorHidden, useSettings } from './settings.ts';

/** Each page takes the rest of its address: `/stimuli/abc` gives the Stimuli page the item `abc`. */
function Pages() {
  return (
    <Switch>
      <Route path="/library/:item?">{({ item }) => <LibraryPage item={item} />}</Route>
      <Route path="/stimuli/:item?">{({ item }) => <StimuliPage item={item} />}</Route>
      <Route path="/experiment/:item?">{({ item }) => <ExperimentPage item={item} />}</Route>
      <Route path="/search/:item?">{({ item }) => <SearchPage item={item} />}</Route>
      <Route path="/protocol/:item?">{({ item }) => <ProtocolPage item={item} />}</Route>
      <Route path="/jobs" component={JobsPage} />
      <Route path="/settings/devices" component={DevicesPage} />
      <Route path="/settings/:section?" component={SettingsPage} />
      <Route>
        <Redirect to="/library" replace />
      </Route>
    </Switch>
  );
}

export function App() {
  const [settings] = useSettings();
  const [inspectorHidden] = useInspectorHidden();
  const [inspector, setInspector] = useState<HTMLElement | null>(null);
  const hasInspector = useSyncExternalStore(inspectorUsers.subscribe, inspectorUsers.get) > 0;
  const showInspector = hasInspector && !inspectorHidden;
  useEffect(() => {
    document.documentElement.style.fontSize = `${settings.textPercent}%`;
  }, [settings.textPercent]);
  return (
    <InspectorTarget value={showInspector ? inspector : null}>
      <AppShell
        layout="alt"
        header={{ height: '2.5rem' }}
        navbar={{ width: '4.5rem', breakpoint: 0 }}
        aside={{ width: '17.5rem', breakpoint: 0, collapsed: { desktop: !showInspector, mobile: !showInspector } }}
        transitionDuration={0}
        className={classes.shell ?? ''}
      >
        <Rail />
        <Header />
        <AppShell.Main className={classes.main ?? ''}>
          <Banners />
          <Pages />
        </AppShell.Main>
        <AppShell.Aside className={classes.inspector ?? ''} aria-label="Inspector" ref={setInspector} />
      </AppShell>
      <CommandPalette />
      <Shortcuts />
      <JobAnnouncements />
    </InspectorTarget>
  );
}
