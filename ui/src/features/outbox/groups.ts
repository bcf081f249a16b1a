// The groups of the outbox screen. Every command is in exactly one of them.
import type { CommandView } from '../../api/generated/CommandView';

interface Groups {
  /** Commands that the cloud handed back: the operator has to decide again. */
  undecided: CommandView[];
  /** Commands that the cloud has not answered yet. */
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
