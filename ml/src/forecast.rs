//! Demand, month by month, week by week or day by day, and what comes next.

mod backtest;
mod conformal;
mod error;
mod intermittent;
mod metrics;
mod period;
mod point;
mod predict;
mod series;
mod smooth;

pub use backtest::{Backtest, ORIGINS_MAX, Scores, Trial, backtest};
pub use error::ForecastError;
pub use period::{Frequency, Period};
pub use point::Method;
pub use predict::{HORIZON_MAX, Outlook, Prediction, SEASON_MAX, Settings, predict};
pub use series::{Panel, SERIES_MAX, Series, VALUES_MAX};
