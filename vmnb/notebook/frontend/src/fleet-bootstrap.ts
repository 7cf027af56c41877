/** The small module that the widget of a fleet carries. */
import { doorOf } from "./door";
import { showStillFleet } from "./fleet/still";

export default doorOf(showStillFleet);
