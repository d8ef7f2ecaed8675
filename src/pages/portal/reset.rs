use serde::Serialize;

use super::{Criterion, FieldError, PASSWORDS};
use crate::pages::Page;
use crate::pages::sample::awkward;
use crate::pages::scene::{Place, Scene};

/// The new password after a reset link (c10).
#[derive(Debug, Clone, Serialize)]
pub struct ResetPage {
    /// The link's secret, carried in the form.
    pub secret: String,
    /// The rules, in the order of the list.
    pub criteria: Vec<Criterion>,
    /// What is wrong with the password.
    pub error: Option<FieldError>,
}

impl Page for ResetPage {
    const TEMPLATE: &'static str = "portal/reset";

    fn samples(mut show: impl FnMut(&str, &Self)) {
        let calm = Self { secret: "Zm9vYmFy".to_owned(), criteria: Criterion::samples(), error: None };
        show("calm", &calm);
        for error in FieldError::about(PASSWORDS) {
            show(error.name, &Self { error: Some(error), ..calm.clone() });
        }
        show("awkward", &Self { secret: awkward(), ..calm });
    }

    fn scene(&self) -> Scene {
        Scene::at(Place::Portal)
    }
}
