/** The units of one term on the map of the visual field and in the table: what is chosen in one shows in the other. */
import { Button, DataList, Group, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { IconCheck } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { Inclusion, SearchPlan, TargetTerm } from '../../../main/contract/plans.ts';
import type { TwinDetails, TwinUnit } from '../../../main/contract/twins.ts';
import { unitsOfTerm } from '../../../main/twins/unitPlaces.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { BrushableRfMap } from '../../components/BrushableRfMap.tsx';
import { plural } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { PlotFrame } from '../../components/PlotFrame.tsx';
import { leastRem, unitColumns } from '../../components/unitColumns.tsx';
import { unitKey } from '../../components/units.ts';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import { areaStyle, outlineOf } from '../../plots/colours.ts';
import { NumberField } from './NumberField.tsx';
import { termCount } from './TargetEditor.tsx';
import { placeTitle, samePlace, termAt, termPlaces, withTermAt, type TermPlace } from './terms.ts';

/** The term with a unit more or less; all units of the area are the area, none of them too. */
export function withUnitToggled(term: TargetTerm, unit: string, twin: Pick<TwinDetails, 'units'>): TargetTerm {
  const { units: _units, within: _within, ...rest } = term;
  const all = twin.units.filter(({ area }) => area === term.area);
  // What a circle holds becomes a list once a single unit is added or taken away; a whole area begins with the unit.
  const whole = term.units === undefined && term.within === undefined;
  const before = whole ? [] : unitsOfTerm(term, all).map((each) => each.unit);
  const chosen = new Set(before);
  if (!chosen.delete(unit)) chosen.add(unit);
  const units = all.flatMap((each) => (chosen.has(each.unit) ? [each.unit] : []));
  return units.length === 0 || units.length === all.length ? rest : { ...rest, units };
}

/** The term as the list of the units that its circle holds now. */
export function withCircleListed(term: TargetTerm, twin: Pick<TwinDetails, 'units'>): TargetTerm {
  const { within: _within, ...rest } = term;
  return { ...rest, units: unitsOfTerm(term, twin.units).map(({ unit }) => unit) };
}

const none: Inclusion = { fieldInside: false };

export function TargetMap({
  plan,
  onChange,
  twin,
  place,
  onShow,
}: {
  plan: SearchPlan;
  onChange: (plan: SearchPlan) => void;
  twin: TwinDetails;
  place: TermPlace;
  onShow: (place: TermPlace) => void;
}) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const term = termAt(plan, place) ?? plan.target[0];
  const places = termPlaces(plan);
  const include = place.list === 'target' ? plan.include : none;
  const area = twin.manifest.areas.find(({ name }) => name === term?.area);
  const units = useMemo(() => twin.units.filter((unit) => unit.area === term?.area), [twin, term?.area]);
  const columns = useMemo(() => unitColumns(units).filter(({ key }) => key !== 'area'), [units]);
  const [pointed, setPointed] = useState<string | null>(null);
  const [looked, setLooked] = useState<string | null>(null);
  const { fieldOfViewDeg } = twin.summary;
  const chosen = useMemo(
    () => new Set(term === undefined ? [] : unitsOfTerm(term, twin.units, include, fieldOfViewDeg).map(unitKey)),
    [term, twin, include, fieldOfViewDeg],
  );
  const mapped = useMemo(
    () =>
      units.flatMap((unit) =>
        unit.xDeg === null || unit.yDeg === null
          ? []
          : [
              {
                key: unitKey(unit),
                xDeg: unit.xDeg,
                yDeg: unit.yDeg,
                sizeDeg: unit.sizeDeg,
                ...outlineOf(areaStyle(unit.area, area?.colourOf)),
              },
            ],
      ),
    [units, area],
  );
  if (term === undefined) return null;
  const change = (next: TargetTerm) => onChange(withTermAt(plan, place, next));
  const unitOf = (key: string | null) => units.find((unit) => unitKey(unit) === key);
  const toggle = (unit: TwinUnit) => {
    setLooked(unitKey(unit));
    change(withUnitToggled(term, unit.unit, twin));
  };
  const { units: named, within, ...wholeArea } = term;
  const fact = unitOf(pointed) ?? unitOf(looked) ?? units.find((unit) => chosen.has(unitKey(unit)));
  const marked: Column<TwinUnit>[] = [
    {
      key: 'in',
      title: 'In',
      width: '2rem',
      render: (unit) => (chosen.has(unitKey(unit)) ? <IconCheck size={13} aria-label="in the target" /> : ''),
      sortBy: (unit) => Number(!chosen.has(unitKey(unit))),
    },
    ...columns,
  ];
  const beside = width >= 620;
  return (
    <Stack gap="sm" ref={ref} style={{ minHeight: '100%' }}>
      <PaneTitle
        right={
          places.length > 1 ? (
            <Select
              aria-label="Term on the map"
              size="xs"
              w="11rem"
              data={places.map((each, i) => ({ value: String(i), label: placeTitle(each) }))}
              value={String(
                Math.max(
                  0,
                  places.findIndex((each) => samePlace(each, place)),
                ),
              )}
              onChange={(value) => {
                const next = places[Number(value)];
                if (next !== undefined) onShow(next);
              }}
            />
          ) : undefined
        }
      >
        {placeTitle(place)}
      </PaneTitle>
      <Group justify="space-between" gap="xs">
        <Text size="xs" role="status" aria-label="Units of the term">
          <AreaLabel area={term.area} colourOf={area?.colourOf} label={area?.label ?? term.area} />
          {` · ${termCount(term, twin, include)}`}
        </Text>
        <Group gap="xs">
          {within !== undefined && (
            <Button
              variant="default"
              size="compact-xs"
              disabled={unitsOfTerm(term, twin.units).length === 0}
              onClick={() => change(withCircleListed(term, twin))}
            >
              List its units
            </Button>
          )}
          {(named !== undefined || within !== undefined) && (
            <Button variant="default" size="compact-xs" onClick={() => change(wholeArea)}>
              Whole area
            </Button>
          )}
        </Group>
      </Group>
      <div
        style={{
          display: 'grid',
          gridTemplateColumns: beside ? 'minmax(0, 26rem) minmax(11rem, 1fr)' : '1fr',
          gap: 16,
        }}
      >
        {mapped.length === 0 ? (
          <Text size="xs" c="dimmed">
            The twin states no receptive-field positions of this area. Choose units in the table.
          </Text>
        ) : (
          <PlotFrame
            title="Receptive fields"
            caption="Click a unit to add it or take it away; drag from a centre outwards to take all units within a circle."
            data={() => ({
              columns: ['unit', 'area', 'x_deg', 'y_deg', 'size_deg', 'in_target'],
              rows: units.map((unit) => [
                unit.unit,
                unit.area,
                unit.xDeg,
                unit.yDeg,
                unit.sizeDeg,
                chosen.has(unitKey(unit)) ? 1 : 0,
              ]),
            })}
          >
            {(widthPx) => (
              <BrushableRfMap
                width={Math.min(widthPx, 416)}
                fieldOfViewDeg={fieldOfViewDeg}
                units={mapped}
                selected={named === undefined && within === undefined ? noneChosen : chosen}
                onSelect={([key]) => {
                  const unit = unitOf(key ?? null);
                  if (unit !== undefined) toggle(unit);
                }}
                circle={within ?? null}
                onCircle={(circle) => change({ ...wholeArea, within: circle })}
                pointed={pointed}
                onPoint={setPointed}
              />
            )}
          </PlotFrame>
        )}
        <Stack gap="sm">
          {mapped.length > 0 && (
            <Stack gap={4} role="group" aria-label="Circle">
              <SimpleGrid cols={3} spacing={4}>
                {(['xDeg', 'yDeg', 'radiusDeg'] as const).map((key) => (
                  <NumberField
                    key={key}
                    label={{ xDeg: 'Circle x', yDeg: 'Circle y', radiusDeg: 'Radius' }[key]}
                    suffix="°"
                    step={0.1}
                    {...(key === 'radiusDeg' ? { min: 0.01 } : {})}
                    placeholder="none"
                    value={within?.[key] ?? ''}
                    onChange={(value) =>
                      change({
                        ...term,
                        within: { xDeg: 0, yDeg: 0, radiusDeg: fieldOfViewDeg / 8, ...within, [key]: value },
                      })
                    }
                  />
                ))}
              </SimpleGrid>
            </Stack>
          )}
          {fact !== undefined && (
            <Stack gap={4} aria-label="Tuning of the unit" role="group">
              <Group justify="space-between" gap="xs">
                <Text size="xs" fw={500}>
                  {fact.area} {fact.unit}
                </Text>
                <Button variant="default" size="compact-xs" onClick={() => toggle(fact)}>
                  {chosen.has(unitKey(fact)) && (named !== undefined || within !== undefined) ? 'Take away' : 'Add'}
                </Button>
              </Group>
              <DataList labelWidth="8.5rem">
                {columns
                  .filter(({ key }) => key !== 'unit')
                  .map((column) => (
                    <DataList.Item key={column.key}>
                      <DataList.ItemLabel>{column.title}</DataList.ItemLabel>
                      <DataList.ItemValue>{column.render(fact)}</DataList.ItemValue>
                    </DataList.Item>
                  ))}
              </DataList>
            </Stack>
          )}
        </Stack>
      </div>
      <Text size="xs" c="dimmed">
        {plural(units.length, 'unit')}. In the table, arrow keys move and Enter adds a unit or takes it away.
      </Text>
      <div style={{ flex: '1 0 14rem', minHeight: '14rem', display: 'flex' }}>
        <VirtualTable
          label="Units of the area"
          rows={units}
          columns={marked}
          rowKey={unitKey}
          selected={looked}
          onSelect={(unit) => setLooked(unitKey(unit))}
          onActivate={toggle}
          minWidth={`${leastRem(columns) + 2.5}rem`}
        />
      </div>
    </Stack>
  );
}

const noneChosen: ReadonlySet<string> = new Set();
