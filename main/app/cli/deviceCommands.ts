/** `twinscope devices`, and the option that names one. */
import { InvalidArgumentError, Option } from 'commander';
import type { DeviceChoice, DeviceInfo } from '../../contract/devices.ts';
import { deviceNamed, formatParity } from '../../engine/devices.ts';
import type { CliContext } from './context.ts';
import { formatMinute, formatTable } from './output.ts';
import { ask } from './twinCommands.ts';

/** `--device`, or nothing where `fallback` is left out and the plan decides. */
export function deviceOption(fallback?: DeviceChoice): Option {
  const option = new Option('--device <name>', 'where the twin runs: auto, cpu, webgpu, cuda, dml or coreml').argParser(
    (name: string): DeviceChoice => {
      if (name.toLowerCase() === 'gpu') {
        throw new InvalidArgumentError('There is no device "gpu". Did you mean webgpu or cuda?');
      }
      try {
        return deviceNamed(name.toLowerCase());
      } catch (error) {
        throw new InvalidArgumentError((error as Error).message);
      }
    },
  );
  return fallback === undefined ? option : option.default(fallback);
}

const availability = ({ available }: DeviceInfo): string =>
  available === null ? 'not tried' : available ? 'yes' : 'no';

export async function listDevices(
  context: CliContext,
  twin: string | undefined,
  options: { again?: boolean },
): Promise<void> {
  const report = await ask(context, 'devices.list', {
    ...(twin === undefined ? {} : { twin }),
    measure: options.again ? 'again' : 'missing',
  });
  const rows = report.devices.map((device) => {
    const { measurement } = device;
    const parity = measurement?.parity ?? null;
    return [
      device.chosen ? `${device.id} *` : device.id,
      availability(device),
      measurement === null ? '' : measurement.stimuliPerSecond.toFixed(0),
      measurement?.gradientsPerSecond?.toFixed(0) ?? '',
      parity === null ? '' : formatParity(parity),
      measurement?.placement ? `${measurement.placement.onCpu} of ${measurement.placement.total}` : '',
      measurement === null ? '' : formatMinute(measurement.measuredAt),
      device.explanation,
    ];
  });
  const lines = [
    ...(report.twin === null ? [] : [`Measured on ${report.twin.title} (${report.twin.id}@${report.twin.version}).`]),
    formatTable(
      [
        'device',
        'available',
        'stimuli/s',
        'gradients/s',
        'differs from CPU by',
        'nodes on CPU',
        'measured',
        'in one sentence',
      ],
      rows,
    ),
    `Chosen (*): ${report.choice}`,
    ...(report.notice === null ? [] : [report.notice]),
  ];
  context.print(lines.join('\n'), report);
}
