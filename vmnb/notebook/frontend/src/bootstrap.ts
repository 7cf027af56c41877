/** The small module that the widget of a card or a console carries. */
import { doorOf } from "./door";
import { showStill } from "./card/still";

export default doorOf(showStill);
