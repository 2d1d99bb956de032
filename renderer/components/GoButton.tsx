import { Button, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';
import { navigate } from '../client/location.ts';

/** A button that goes to another place in the workbench. */
export function GoButton({
  to,
  children,
  ...props
}: ButtonProps & { to: string; children: ReactNode; 'aria-label'?: string }) {
  return (
    <Button {...props} onClick={() => navigate(to)}>
      {children}
    </Button>
  );
}
