/** The parts a page is made of: header line, panes side by side, and the inspector at the right of the window. */
import { Box, Group, Portal, ScrollArea, Stack, Text, Title } from '@mantine/core';
import { createContext, useContext, useEffect, type ReactNode } from 'react';
import { createStore } from '../client/stores.ts';
import classes from './Page.module.css';

/** What the breadcrumb shows after the page's name. */
export const breadcrumbItem = createStore<string | null>(null);

/** The element of the frame that holds the inspector; null while the inspector is hidden. */
export const InspectorTarget = createContext<HTMLElement | null>(null);

/** How many pages have something for the inspector; the frame gives it room only then. */
export const inspectorUsers = createStore(0);

export function Page({ item, children }: { item?: string | null | undefined; children: ReactNode }) {
  useEffect(() => {
    breadcrumbItem.set(item ?? null);
    return () => breadcrumbItem.set(null);
  }, [item]);
  return <div className={classes.page}>{children}</div>;
}

/** What it is · what it needs · main action. */
export function PageHeader({ title, detail, actions }: { title: ReactNode; detail?: ReactNode; actions?: ReactNode }) {
  return (
    <Group className={classes.header} gap="md" wrap="nowrap" justify="space-between">
      <Group gap="md" wrap="nowrap" align="baseline" style={{ minWidth: 0, flex: 1 }}>
        <Title order={1} size="h2" style={{ whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis' }}>
          {title}
        </Title>
        <Text component="div" size="xs" c="dimmed" truncate="end" style={{ flex: 1, minWidth: 0 }}>
          {detail}
        </Text>
      </Group>
      <Group gap="sm" wrap="nowrap">
        {actions}
      </Group>
    </Group>
  );
}

/** Panes beside each other, divided by lines; each scrolls by itself. */
export function Panes({ children }: { children: ReactNode }) {
  return <div className={classes.panes}>{children}</div>;
}

/** One pane. Without a width it takes the room that is left. */
export function Pane({
  label,
  width,
  scroll = true,
  padding = true,
  children,
}: {
  label: string;
  width?: string;
  scroll?: boolean;
  padding?: boolean;
  children: ReactNode;
}) {
  const content = padding ? (
    <Stack gap="md" p="md">
      {children}
    </Stack>
  ) : (
    children
  );
  return (
    <Box
      component="section"
      aria-label={label}
      className={classes.pane}
      style={width === undefined ? { flex: '1 1 0' } : { flex: `0 0 ${width}` }}
    >
      {scroll ? (
        <ScrollArea className={classes.scroll} type="auto" scrollbarSize={8}>
          {content}
        </ScrollArea>
      ) : (
        <div className={classes.fixed}>{content}</div>
      )}
    </Box>
  );
}

/** A heading over a part of a pane. */
export function PaneTitle({ children, right }: { children: ReactNode; right?: ReactNode }) {
  return (
    <Group justify="space-between" gap="xs" mih={22}>
      <Title order={2} size="h3" className={classes.paneTitle}>
        {children}
      </Title>
      {right}
    </Group>
  );
}

/** Fills the inspector at the right of the window with what describes the selected thing. */
export function Inspector({ children }: { children: ReactNode }) {
  const target = useContext(InspectorTarget);
  useEffect(() => {
    inspectorUsers.set(inspectorUsers.get() + 1);
    return () => inspectorUsers.set(inspectorUsers.get() - 1);
  }, []);
  if (target === null) return null;
  return <Portal target={target}>{children}</Portal>;
}
