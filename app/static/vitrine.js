// All the studio's elements; each module defines its own.

import "./header.js";
import "./runs.js";
import "./showcase.js";
import "./run.js";
import "./compare.js";
import "./reported.js";
import "./board.js";
import "./sweep.js";
import "./sweep-launch.js";
import "./pairs.js";
import "./pairs-format.js";
import "./unlearning.js";
import "./nodes.js";
import "./system.js";
import "./links.js";
import "./people.js";
import "./catalogue.js";
import "./answers.js";
import "./figures.js";
import "./evaluations.js";
import "./training.js";
import "./ego.js";
import "./why.js";
import "./fewshot-try.js";
import "./fewshot-scores.js";
import "./afr-page.js";
