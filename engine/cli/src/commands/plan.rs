//! `plan`

use kprov_core::{Diagnostic, Diagnostics};
use kprov_ops::rotation::PlannedRotation;
use kprov_ops::{PlanFile, PlanRequest, Planned, Project, plan_certificates, write_plan_file};
use kprov_plan::{Plan, PlanMode};

use crate::args::{ChangeFlags, PlanFlags};
use crate::failure::{Failure, Outcome};
use crate::render::Schemas;
use crate::session::Session;
use crate::{output, render};

/// Makes a plan and shows it.
pub(crate) fn run(session: &Session, flags: PlanFlags) -> Outcome {
    if flags.change.json {
        return Err(super::later(
            "the -json log of plan; \"show -json PLAN\" gives the plan as JSON",
        ));
    }
    if flags.generate_config_out.is_some() {
        return Err(super::later("-generate-config-out"));
    }
    let mut request = request(session, &flags.change)?;
    let project = project(session, &flags.change)?;
    session.ask_for_variables(&project, &mut request, flags.change.input);
    let planned = kprov_ops::plan(&project, &request)?;
    if planned.plan.errored || planned.problems.has_errors() {
        // What blocks a rotation is understood by the plan that it is in the way of.
        if !planned.rotations.is_empty() {
            output::print(&shown(session, &project, &planned, flags.change.concise));
        }
        session.complain(&planned.problems);
        return Ok(1);
    }
    output::print(&shown(session, &project, &planned, flags.change.concise));
    session.complain_as(&planned.problems, flags.change.compact_warnings);
    if let Some(path) = &flags.out {
        save(session, &project, &planned, path)?;
    }
    let changes = flags.detailed_exitcode && planned.plan.applyable;
    Ok(if changes { 2 } else { 0 })
}

/// The plan as text.
fn shown(session: &Session, project: &Project, planned: &Planned, concise: bool) -> String {
    shown_of(session, project, &planned.plan, &planned.rotations, concise)
}

/// The same of a plan and its rotations.
pub(super) fn shown_of(
    session: &Session,
    project: &Project,
    plan: &Plan,
    rotations: &[PlannedRotation],
    concise: bool,
) -> String {
    let mut text = match concise {
        true => render::concise(plan, session.style),
        false => render::plan(plan, Schemas::of(&project.registry), session.style),
    };
    text.push_str(&render::rotations(rotations, concise, session.style));
    let certificates = plan_certificates(plan, &project.registry);
    text.push_str(&render::planned_certificates(&certificates, session.style));
    text
}

fn save(
    session: &Session,
    project: &Project,
    planned: &Planned,
    path: &str,
) -> Result<(), Failure> {
    let bytes = PlanFile::of(planned, project).encode(&project.vault, &*project.host)?;
    write_plan_file(std::path::Path::new(path), &bytes)?;
    if !session.in_automation {
        output::line(&format!(
            "\nSaved the plan to: {path}\n\nTo perform exactly these actions, run the following \
             command to apply:\n    kprov apply {path:?}"
        ));
    }
    Ok(())
}

/// The project as the flags want it.
pub(crate) fn project(session: &Session, flags: &ChangeFlags) -> Result<Project, Failure> {
    let mut project = session.project(flags.state.state.as_deref())?;
    project.parallelism = flags.parallelism;
    if kprov_ops::is_left(&project) {
        let warning = Diagnostic::warning(
            "State of Terraform not taken over",
            "There is a terraform.tfstate beside the configuration, but kprov has no state yet: what \
             Terraform made is not known here and would be made again. \"kprov init\" takes the \
             state over.",
        );
        session.complain(&warning.into());
    }
    Ok(project)
}

/// What the flags ask for.
pub(crate) fn request(session: &Session, flags: &ChangeFlags) -> Result<PlanRequest, Failure> {
    let mut problems = Diagnostics::new();
    let mut refuse = |detail: &str| {
        problems.push(Diagnostic::error("Incompatible plan mode options", detail));
    };
    if flags.destroy && flags.refresh_only {
        refuse("The -destroy and -refresh-only options are mutually-exclusive.");
    }
    if flags.refresh_only && !flags.refresh {
        refuse("It doesn't make sense to use -refresh-only at the same time as -refresh=false.");
    }
    if !flags.replace.is_empty() && (flags.destroy || flags.refresh_only) {
        refuse("The -replace option can be used with normal plans only.");
    }
    if (!flags.rotate.is_empty() || flags.rotate_only) && (flags.destroy || flags.refresh_only) {
        refuse("The -rotate and -rotate-only options can be used with normal plans only.");
    }
    if !flags.rotate.is_empty() && !flags.refresh {
        refuse(
            "-rotate names members of groups, which are seen by looking at them, and -refresh=false says not to look.",
        );
    }
    if !flags.target.is_empty() && !flags.exclude.is_empty() {
        refuse("The -target and -exclude options are mutually-exclusive.");
    }
    if problems.has_errors() {
        return Err(problems.into());
    }
    let mode = match (flags.destroy, flags.refresh_only) {
        (true, _) => PlanMode::Destroy,
        (_, true) => PlanMode::RefreshOnly,
        _ => PlanMode::Normal,
    };
    Ok(PlanRequest {
        mode,
        targets: flags.target.clone(),
        excludes: flags.exclude.clone(),
        replace: flags.replace.clone(),
        rotate: flags.rotate.clone(),
        rotate_only: flags.rotate_only,
        renew: Vec::new(),
        skip_refresh: !flags.refresh,
        no_defer: flags.no_defer,
        variables: flags.variables.0.clone(),
        environment_names: session.variable_names(),
    })
}
