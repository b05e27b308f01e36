import type { Alert } from '@tidemill/sdk';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import classes from './Overview.module.css';

const shownCauses = 3;

/** One alert with what caused it; its title says the first cause already. */
export function AlertCauses({ alert }: { readonly alert: Alert }) {
  const further = alert.causes.filter((cause) => !alert.title.startsWith(cause.text));
  const hidden = further.length - shownCauses;
  return (
    <li className={classes.alert} data-state={alert.state}>
      <div className={classes.alertHead}>
        <ReferenceLink kind="alert" to={alert.id} text={alert.title} />
        <span className="dim">
          <Time at={alert.openedAt} />
        </span>
      </div>
      {further.slice(0, shownCauses).map((cause) => (
        <p key={`${cause.column}-${cause.text}`} className={classes.cause}>
          <LinkedText>{cause.text}</LinkedText>
        </p>
      ))}
      {hidden > 0 && <p className={classes.cause}>and {hidden} more</p>}
    </li>
  );
}
