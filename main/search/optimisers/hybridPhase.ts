/** Screening, and then a search that begins where the best of the screening are. */
import type { CancelSignal } from '../../platform/cancel.ts';
import { combine, part, type Saved } from '../checkpoint.ts';
import type { FoundStimulus, OptimisationPhase, TrajectoryPoint } from '../phase.ts';
import type { ScreeningPhase } from './screeningPhase.ts';

export class HybridPhase implements OptimisationPhase {
  readonly steps: number;
  readonly evaluations: number;
  readonly gradients: number;
  readonly #screening: ScreeningPhase;
  readonly #refining: () => OptimisationPhase;
  /** Null until the screening has ended. */
  #refinement: OptimisationPhase | null = null;

  /** `refining` makes the second search from what `screening` has kept by then; its steps do not depend on that. */
  constructor(screening: ScreeningPhase, refining: () => OptimisationPhase) {
    this.#screening = screening;
    this.#refining = refining;
    const { steps, evaluations, gradients = 0 } = refining();
    this.steps = screening.steps + steps;
    this.evaluations = screening.evaluations + evaluations;
    this.gradients = gradients;
  }

  get name(): string {
    return (this.#refinement ?? this.#screening).name;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint | null }> {
    const { steps } = this.#screening;
    if (this.#refinement === null) {
      const outcome = await this.#screening.step(index, signal);
      if (index + 1 === steps) this.#refinement = this.#refining();
      return outcome;
    }
    const { evaluations, point } = await this.#refinement.step(index - steps, signal);
    return { evaluations, point: point === null ? null : { ...point, step: steps + point.step } };
  }

  found(): FoundStimulus[] {
    const refined = this.#refinement?.found() ?? [];
    return refined.length > 0 ? refined : this.#screening.found();
  }

  save(): Saved {
    return combine({
      screening: this.#screening.save(),
      ...(this.#refinement === null ? {} : { refinement: this.#refinement.save() }),
    });
  }

  async restore(saved: Saved): Promise<void> {
    await this.#screening.restore(part(saved, 'screening'));
    this.#refinement = null;
    const refined = part(saved, 'refinement');
    if (refined.json === undefined) return;
    this.#refinement = this.#refining();
    await this.#refinement.restore(refined);
  }
}
