import {
  DataList,
  Input,
  NumberInput,
  ScrollArea,
  SegmentedControl,
  Slider,
  Stack,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useQueryCall } from '../../client/hooks.ts';
import { formatNumber } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { Page, PageHeader, PaneTitle } from '../../components/Page.tsx';
import { QueryView } from '../../components/states.tsx';
import { screenPxOf, useSettings } from '../../app/settings.ts';

/** Width of a bank card by ISO/IEC 7810 ID-1. */
const cardCm = 8.56;

function ScreenSettings() {
  const [settings, change] = useSettings();
  const cardPx = settings.pxPerCm * cardCm;
  return (
    <section aria-label="This screen">
      <PaneTitle>This screen</PaneTitle>
      <Stack gap="md" maw={560}>
        <Text size="xs" c="dimmed">
          True size shows stimuli in degrees at your distance. Hold a bank card against the bar and drag until both are
          equally wide. Zoom of the browser window changes the scale: measure at the zoom you use.
        </Text>
        <div
          role="img"
          aria-label={`Bar of ${cardCm} cm`}
          style={{
            width: cardPx,
            height: 28,
            background: 'var(--stage)',
            color: 'var(--stage-ink)',
            fontSize: 12,
            textAlign: 'center',
            lineHeight: '28px',
          }}
        >
          {cardCm} cm
        </div>
        <Slider
          label={null}
          thumbLabel="Width of the bar"
          min={60}
          max={1400}
          step={0.5}
          value={cardPx}
          onChange={(px) => change({ pxPerCm: px / cardCm })}
        />
        <NumberInput
          label="Pixels per centimetre"
          min={5}
          max={200}
          decimalScale={3}
          value={Number(settings.pxPerCm.toFixed(3))}
          onChange={(value) => typeof value === 'number' && value >= 5 && change({ pxPerCm: value })}
          maw={220}
        />
        <NumberInput
          label="Distance from the eye to this screen"
          min={10}
          max={500}
          suffix=" cm"
          value={settings.viewingDistanceCm}
          onChange={(value) => typeof value === 'number' && value >= 10 && change({ viewingDistanceCm: value })}
          maw={220}
        />
        <Text size="xs" c="dimmed">
          8° cover {formatNumber(screenPxOf(8, settings))} px here.
        </Text>
      </Stack>
    </section>
  );
}

function Devices() {
  const report = useQueryCall('devices.list', {});
  return (
    <section aria-label="Devices" id="devices">
      <PaneTitle>Devices</PaneTitle>
      <Stack gap="md" align="flex-start">
        <QueryView query={report}>{({ choice }) => <Text size="sm">{choice}</Text>}</QueryView>
        <GoButton to="/settings/devices">Open the devices</GoButton>
      </Stack>
    </section>
  );
}

function About() {
  const info = useQueryCall('app.info', {});
  return (
    <section aria-label="About">
      <PaneTitle>About</PaneTitle>
      <QueryView query={info}>
        {(app) => (
          <DataList>
            {[
              ['Twinscope', app.version],
              ['Host', app.host],
              ['Projects folder', app.projectsFolder],
              ['Log', app.logFile ?? 'nothing was logged yet'],
              ...Object.entries(app.versions),
            ].map(([label, value]) => (
              <DataList.Item key={label}>
                <DataList.ItemLabel>{label}</DataList.ItemLabel>
                <DataList.ItemValue>{value}</DataList.ItemValue>
              </DataList.Item>
            ))}
          </DataList>
        )}
      </QueryView>
    </section>
  );
}

export function SettingsPage() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [settings, change] = useSettings();
  return (
    <Page>
      <PageHeader title="Settings" detail="Kept on this computer, not in the project" />
      <ScrollArea flex={1}>
        <Stack gap="xl" p="md">
          <section aria-label="Appearance">
            <PaneTitle>Appearance</PaneTitle>
            <Stack gap="md" align="flex-start">
              <Input.Wrapper label="Theme">
                <SegmentedControl
                  display="flex"
                  aria-label="Theme"
                  value={colorScheme}
                  onChange={(value) => setColorScheme(value as 'light' | 'dark' | 'auto')}
                  data={[
                    { value: 'light', label: 'Light' },
                    { value: 'dark', label: 'Dark' },
                    { value: 'auto', label: 'As the system' },
                  ]}
                />
              </Input.Wrapper>
              <Input.Wrapper label="Text size">
                <SegmentedControl
                  display="flex"
                  aria-label="Text size"
                  value={String(settings.textPercent)}
                  onChange={(value) => change({ textPercent: Number(value) })}
                  data={['100', '112.5', '125'].map((value) => ({ value, label: `${value} %` }))}
                />
              </Input.Wrapper>
            </Stack>
          </section>
          <ScreenSettings />
          <Devices />
          <About />
        </Stack>
      </ScrollArea>
    </Page>
  );
}
