/** The plan behind what is on the page, to read and to copy into a file for the command line. */
import { Button, Code, CopyButton, Group, Modal, SegmentedControl } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { planJson, planYaml } from './planText.ts';

export function PlanButton({ plan }: { plan: unknown }) {
  const [opened, dialog] = useDisclosure(false);
  const [format, setFormat] = useState('yaml');
  const text = opened ? (format === 'yaml' ? planYaml(plan) : planJson(plan)) : '';
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        View plan
      </Button>
      <Modal opened={opened} onClose={dialog.close} title="Plan" size="lg">
        <Group justify="space-between" mb="sm">
          <SegmentedControl
            aria-label="Format of the plan"
            value={format}
            onChange={setFormat}
            data={[
              { value: 'yaml', label: 'YAML' },
              { value: 'json', label: 'JSON' },
            ]}
          />
          <CopyButton value={text}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy plan'}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Code block mah="60vh" style={{ overflow: 'auto' }} aria-label="Text of the plan" tabIndex={0}>
          {text}
        </Code>
      </Modal>
    </>
  );
}
