/** The small module that the widget of a fleet carries. */
import { doorOf } from "./door";
import { showStillFleet } from "./still-fleet";

export default doorOf(showStillFleet);
