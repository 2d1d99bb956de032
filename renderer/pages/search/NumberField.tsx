import { NumberInput, type NumberInputProps } from '@mantine/core';

/** A number with its unit; what is not a number yet is not passed on. */
export function NumberField({
  onChange,
  whole = false,
  ...props
}: Omit<NumberInputProps, 'onChange'> & { onChange: (value: number) => void; whole?: boolean }) {
  return (
    <NumberInput
      allowDecimal={!whole}
      clampBehavior="blur"
      hideControls
      {...props}
      onChange={(next) => typeof next === 'number' && Number.isFinite(next) && onChange(next)}
    />
  );
}
