/** Saving what a plot shows: the drawing as SVG or PNG, the numbers as CSV. */

export type CsvValue = string | number | null;
export interface PlotData {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly CsvValue[])[];
}

function csvCell(value: CsvValue): string {
  if (value === null) return '';
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180: CRLF line ends, quotes doubled, missing values empty. */
export function toCsv(data: PlotData): string {
  return [data.columns, ...data.rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

export function safeFileName(name: string): string {
  return (
    name
      .normalize('NFKD')
      .replace(/[^\w.-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 80) || 'plot'
  );
}

export function saveBlob(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has taken hold of the blob by the next task.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** The drawing as it stands alone on paper: black on white, its own size and typeface. */
export function svgText(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  copy.setAttribute('color', '#1a1a1a');
  copy.setAttribute('font-family', 'Inter, Helvetica, Arial, sans-serif');
  copy.removeAttribute('class');
  copy.removeAttribute('style');
  for (const extra of copy.querySelectorAll('[data-interaction]')) extra.remove();
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  paper.setAttribute('width', '100%');
  paper.setAttribute('height', '100%');
  paper.setAttribute('fill', '#ffffff');
  copy.prepend(paper);
  return new XMLSerializer().serializeToString(copy);
}

/** The same drawing as pixels, at three times its size for print. */
export async function svgToPng(svg: SVGSVGElement, scale = 3): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svgText(svg)], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(svg.viewBox.baseVal.width * scale);
    canvas.height = Math.round(svg.viewBox.baseVal.height * scale);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob === null ? reject(new Error('the picture could not be encoded')) : resolve(blob)));
    });
  } finally {
    URL.revokeObjectURL(url);
  }
}
