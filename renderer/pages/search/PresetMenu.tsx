/** Plans to begin from, with whose procedure each follows. */
import { Button, Menu, Text } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import type { PlanPreset } from './presets.ts';

export function PresetMenu({
  presets,
  onChoose,
}: {
  presets: readonly PlanPreset[];
  onChoose: (preset: PlanPreset) => void;
}) {
  return (
    <Menu position="bottom-end" width="22rem">
      <Menu.Target>
        <Button variant="default" size="compact-xs" rightSection={<IconChevronDown size={12} />}>
          Presets
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflowY: 'auto' }}>
        {presets.map((preset) => (
          <Menu.Item key={preset.id} onClick={() => onChoose(preset)}>
            {preset.title}
            {preset.citation !== null && (
              <Text size="xs" c="dimmed" component="div" style={{ whiteSpace: 'normal' }}>
                {preset.citation}
                {preset.uncertain !== null && ` · ${preset.uncertain}`}
              </Text>
            )}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
