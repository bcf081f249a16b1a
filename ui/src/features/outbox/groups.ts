// The groups of the outbox screen. Every command is in exactly one of them.
import type { CommandView } from '../../api/generated/CommandView';

interface Groups {
  /** The cloud handed them back: the operator has to decide again. */
  undecided: CommandView[];
  /** The cloud has not answered yet. */
  open: CommandView[];
  answered: CommandView[];
}

export function groups(commands: CommandView[]): Groups {
  const undecided = commands.filter((command) => command.state === 'needs_decision');
  const others = commands.filter((command) => command.state !== 'needs_decision');
  return {
    undecided,
    open: others.filter((command) => command.open),
    answered: others.filter((command) => !command.open),
  };
}
