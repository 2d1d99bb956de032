/** Receptive fields of the units of a run: brushing picks the units that the list shows. */
import { Text } from '@mantine/core';
import { useMemo } from 'react';
import type { RunDetails } from '../../../main/contract/results.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { useAreaStyle } from '../../components/areaColours.tsx';
import { BrushableRfMap } from '../../components/BrushableRfMap.tsx';
import { Warnings } from '../../components/errors.tsx';
import { shortHash } from '../../components/format.ts';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { unitKey } from '../../components/units.ts';
import { outlineOf } from '../../plots/colours.ts';

/** Says when the library no longer holds the twin that made a run, or holds another one of that name. */
export function TwinState({ run }: { run: RunDetails }) {
  const twins = useQueryCall('library.list', {});
  if (twins.data === undefined) return null;
  const made = run.provenance.twin;
  const twin = twins.data.find((each) => each.id === made.id);
  if (twin === undefined) {
    return (
      <Warnings
        items={[
          `${made.id} ${made.version} is no longer in the library. These responses stay; to run or search with it, import it again.`,
        ]}
      />
    );
  }
  if (twin.sha256 === made.sha256) return null;
  return (
    <Warnings
      items={[
        `The library holds ${twin.id} ${twin.version} with hash ${shortHash(twin.sha256)}; this run was made with version ${made.version}, hash ${shortHash(made.sha256)}. New runs may give other numbers.`,
      ]}
    />
  );
}

export function FieldsPanel({
  run,
  selected,
  onSelect,
}: {
  run: RunDetails;
  /** Unit keys; empty when nothing is brushed. */
  selected: ReadonlySet<string>;
  onSelect: (keys: readonly string[]) => void;
}) {
  const areaStyle = useAreaStyle();
  const twin = useQueryCall('library.get', { id: run.twinId }, { retry: false });
  const areas = useMemo(() => new Set(run.areas.map((area) => area.area)), [run.areas]);
  const units = useMemo(
    () =>
      (twin.data?.units ?? []).flatMap((unit) =>
        !areas.has(unit.area) || unit.xDeg === null || unit.yDeg === null
          ? []
          : [
              {
                key: unitKey(unit),
                xDeg: unit.xDeg,
                yDeg: unit.yDeg,
                sizeDeg: unit.sizeDeg,
                ...outlineOf(areaStyle(unit.area)),
              },
            ],
      ),
    [twin.data, areas, areaStyle],
  );
  if (twin.data === undefined || units.length === 0) return null;
  const field = twin.data.summary.fieldOfViewDeg;
  return (
    <>
      <PlotFrame
        title="Receptive fields"
        data={() => ({
          columns: ['unit', 'x_deg', 'y_deg', 'size_deg'],
          rows: units.map((unit) => [unit.key, unit.xDeg, unit.yDeg, unit.sizeDeg]),
        })}
      >
        {(width) => (
          <BrushableRfMap width={width} fieldOfViewDeg={field} units={units} selected={selected} onSelect={onSelect} />
        )}
      </PlotFrame>
      <Text size="xs" c="dimmed">
        Click a unit, or drag to keep only the units in a rectangle in the list.
      </Text>
    </>
  );
}
