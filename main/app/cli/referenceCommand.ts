/** `twinscope twins reference`: measures the reference set of a twin ahead of searches. */
import type { DeviceChoice } from '../../contract/devices.ts';
import type { EventData } from '../../contract/methods.ts';
import { medianOf } from '../../platform/median.ts';
import { formatCount, plural } from '../../platform/words.ts';
import { scaleOf } from '../../search/reference/reference.ts';
import { designCount, specAt } from '../../stimuli/design.ts';
import { formatNumber } from '../../stimuli/words.ts';
import { measureReferenceOf, type MeasuredReference } from '../referenceService.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { formatDuration, formatMinute, formatTable } from './output.ts';

export async function measureTwinReference(
  context: CliContext,
  id: string,
  options: { device: DeviceChoice },
): Promise<void> {
  const { services } = context.backend;
  const sentences = {
    stopping: 'Stopping.',
    stopped: 'Measuring was stopped. Nothing was kept of it. Start it again, or let a search measure the set.',
  };
  if (options.device !== 'auto') await services.devices.require(options.device);
  const measured = await interruptible(sentences, async ({ signal, show }) => {
    const stop = context.backend.onEvent((event, data) => {
      if (event !== 'references.measuring') return;
      const { done, total } = data as EventData<'references.measuring'>;
      show(`${id} · ${formatCount(done)} of ${plural(total, 'reference stimulus', 'reference stimuli')}`);
    });
    try {
      return await services.workload.during(() =>
        measureReferenceOf(services, { id, device: options.device, by: 'gradients' }, signal),
      );
    } finally {
      stop();
    }
  });
  const units = statisticsOf(measured);
  context.print(describe(measured, units), { ...measured.state, units });
}

type UnitStatistics = { area: string; unit: string; mean: number; sd: number; blank: number };

/** By unit, in the order of the twin; an sd of 0 marks a unit that the set does not modulate. */
function statisticsOf({ units, design, responses }: MeasuredReference): UnitStatistics[] {
  const source = {
    count: designCount(design),
    spec: (index: number) => specAt(design, index),
    render: () => Promise.reject(new Error('nothing is drawn here')),
  };
  const { mean, sd, blank } = scaleOf(responses, source, units).scale;
  return units.map((unit, u) => ({
    ...unit,
    mean: mean[u] as number,
    sd: sd[u] as number,
    blank: blank[u] as number,
  }));
}

function describe({ state }: MeasuredReference, units: readonly UnitStatistics[]): string {
  const { twin, name, deviceLabel, measured, notice } = state;
  const when =
    measured === null ? '' : `, measured ${formatMinute(measured.at)} in ${formatDuration(measured.seconds)}`;
  const rows = [...new Set(units.map(({ area }) => area))].map((area) => {
    const members = units.filter((unit) => unit.area === area);
    const median = (key: 'mean' | 'sd' | 'blank'): string => formatNumber(medianOf(members.map((unit) => unit[key])));
    const modulated = members.filter(({ sd }) => sd > 0).length;
    return [area, members.length, modulated, median('mean'), median('sd'), median('blank')];
  });
  return [
    `${name} on ${twin.id}@${twin.version}, ${deviceLabel}${when}.`,
    ...(notice === null ? [] : [notice]),
    formatTable(['area', 'units', 'modulated', 'median mean', 'median sd', 'median blank'], rows),
    'Searches with the same settings take these responses from this machine instead of measuring them.',
  ].join('\n');
}
